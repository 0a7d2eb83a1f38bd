//go:build !linux

package main

// calm is nothing that other systems need to be told.
func calm() {}
