// Package helm pins the versions of helm and kubeconform that the chart's tests run: see the tool lines of go.mod.
package helm
