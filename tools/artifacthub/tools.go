// Package artifacthub pins ah, the linter of Artifact Hub: see the tool line of go.mod.
package artifacthub
