//go:build tools

// Package tools names the program that setup/kustomize.sh builds, so that go.mod and go.sum pin it
// and everything that it is made of.
package tools

import _ "sigs.k8s.io/kustomize/kustomize/v5"
