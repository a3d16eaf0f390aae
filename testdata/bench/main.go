// Command bench measures siphunt, from the top of the repository:
//
//	go run ./testdata/bench table [-markdown] [-plot FILE]   what siphunt is meant to reach, and what it reaches here
//	go run ./testdata/bench pipeline [-rounds N]             processor time of a Fluent Bit with siphunt, against one with null
//	go run ./testdata/bench check [-update]                  allocations and instructions, against baseline.txt
//
// Nearly all figures come from Go benchmarks that stand beside the code. This command only runs them, several times in
// turn, and takes medians: gobench.go runs them, table.go says which and what they are to reach, pipeline.go has the
// one that needs a Fluent Bit, check.go what a change may not make worse, plot.go draws.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	commands := map[string]func(args []string) error{"table": runTable, "pipeline": runPipeline, "check": runCheck}
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	run := commands[name]
	if run == nil {
		fmt.Fprintf(os.Stderr, "bench: %q is no command: table, pipeline or check\n", name)
		os.Exit(2)
	}
	if err := run(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// parse reads the flags of a command.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%s takes no arguments, but got %q", flags.Name(), flags.Arg(0))
	}
	return nil
}
