// Package controlplane pins the kube-apiserver v1.30.14 of the matrix: see the tool line of go.mod.
package controlplane
