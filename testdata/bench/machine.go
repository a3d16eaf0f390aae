package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
)

// machine says what is measured on: figures of two machines are not to be compared.
func machine() string {
	model := "an unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(info); m != nil {
			model = string(m[1])
		}
	}
	text := fmt.Sprintf("%s, %d cores, %s, %s/%s", model, runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if load, err := os.ReadFile("/proc/loadavg"); err == nil {
		text += "; load before the first run: " + strings.Fields(string(load))[0]
	}
	return text
}
