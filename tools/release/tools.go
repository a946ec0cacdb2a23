// Package release pins the programs that a release is published, signed and proved with: see the tool lines of go.mod.
package release
