// Command names reads PromQL expressions, a JSON list of strings, and prints which series each one selects, by Prometheus's own parser: a JSON list with,
// for each expression, the metrics with the labels that it matches, groups or joins by.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

type names struct {
	Metrics []string `json:"metrics"`
	Labels  []string `json:"labels"`
}

func main() {
	var expressions []string
	if err := json.NewDecoder(os.Stdin).Decode(&expressions); err != nil {
		fail(err)
	}
	all := make([]names, 0, len(expressions))
	promql := parser.NewParser(parser.Options{})
	for _, text := range expressions {
		expression, err := promql.ParseExpr(text)
		if err != nil {
			fail(fmt.Errorf("%s: %w", text, err))
		}
		found := names{Metrics: []string{}, Labels: []string{}}
		parser.Inspect(expression, func(node parser.Node, _ []parser.Node) error {
			switch node := node.(type) {
			case *parser.VectorSelector:
				for _, matcher := range node.LabelMatchers {
					if matcher.Name == labels.MetricName {
						found.Metrics = append(found.Metrics, matcher.Value)
					} else {
						found.Labels = append(found.Labels, matcher.Name)
					}
				}
			case *parser.AggregateExpr:
				found.Labels = append(found.Labels, node.Grouping...)
			case *parser.BinaryExpr:
				if node.VectorMatching != nil {
					found.Labels = append(found.Labels, node.VectorMatching.MatchingLabels...)
					found.Labels = append(found.Labels, node.VectorMatching.Include...)
				}
			}
			return nil
		})
		all = append(all, found)
	}
	if err := json.NewEncoder(os.Stdout).Encode(all); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
