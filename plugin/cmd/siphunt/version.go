package main

import (
	"fmt"
	"runtime"
)

var versionCommand = &command{
	name:    "version",
	summary: "print the version",
	details: "Prints the version of siphunt, and with what it was built.",
	run: func(c *call) int {
		if code, ok := c.parse(); !ok {
			return code
		}
		fmt.Fprintf(c.stdout, "siphunt %s %s %s/%s\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return exitOK
	},
}
