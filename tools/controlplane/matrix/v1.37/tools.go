// Package controlplane pins the kube-apiserver v1.37.2 of the matrix: see the tool line of go.mod.
package controlplane
