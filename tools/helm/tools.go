// Package helm pins the versions of helm (4 and 3) and kubeconform that the chart's tests run: see the tool lines of go.mod.
package helm
