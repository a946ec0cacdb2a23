// Package controlplane pins the kube-apiserver v1.35.4 of the matrix: see the tool line of go.mod.
package controlplane
