// Package controlplane pins the versions of the control plane that demo, tests and bench run: see the tool lines of go.mod.
package controlplane
