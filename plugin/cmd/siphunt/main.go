// Command siphunt does without Fluent Bit what the plugin does in it: it replays recorded flows, checks configurations
// and shows alerts. Each subcommand is a file; commands lists them.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// version is set by the linker.
var version = "0.1.0-dev"

// What a command exits with.
const (
	exitOK    = 0
	exitBad   = 1 // input that can't be read, or a faulty configuration
	exitUsage = 2
)

// command is one subcommand.
type command struct {
	name, arguments, summary string
	details                  string // what help says beside the flags
	run                      func(c *call) int
}

// call is one run of a subcommand.
type call struct {
	command *command
	flags   *flag.FlagSet // of the subcommand, and after parse the arguments
	args    []string
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
}

// commands are all subcommands, in the order in which help shows them.
var commands = []*command{replayCommand, explainCommand, checkCommand, showCommand, reportCommand, topCommand, generateCommand, evaluateCommand,
	calibrateCommand, siemCommand, versionCommand}

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		overview(stderr)
		return exitUsage
	}
	name, args := args[0], args[1:]
	if name == "help" || name == "-h" || name == "--help" {
		return help(args, stdout, stderr)
	}
	for _, cmd := range commands {
		if cmd.name == name {
			c := &call{command: cmd, args: args, stdin: stdin, stdout: stdout, stderr: stderr}
			c.flags = flag.NewFlagSet(name, flag.ContinueOnError)
			c.flags.SetOutput(io.Discard)
			return cmd.run(c)
		}
	}
	return unknown(name, stderr)
}

// help shows the overview, or what one subcommand does.
func help(args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		overview(stdout)
		return exitOK
	}
	if args[0] == "help" {
		return unknown("help "+args[0], stderr)
	}
	return run([]string{args[0], "-h"}, nil, stdout, stderr)
}

func unknown(name string, stderr io.Writer) int {
	fmt.Fprintf(stderr, "siphunt: there is no %q; siphunt help lists the commands\n", name)
	return exitUsage
}

func overview(w io.Writer) {
	fmt.Fprint(w, "siphunt finds attacks on SIP accounts in flow records.\n\nUsage: siphunt COMMAND ...\n\n")
	for _, cmd := range commands {
		fmt.Fprintf(w, "  %-9s%s\n", cmd.name, cmd.summary)
	}
	fmt.Fprint(w, "  help     explain a command: siphunt help replay\n\n"+
		"Exit codes: 0 fine, 1 input that can't be read or a faulty configuration, 2 wrong usage.\n")
}

// parse reads the flags, which were defined before. Where it is not ok, the command is over, with that exit code.
func (c *call) parse() (code int, ok bool) {
	err := c.flags.Parse(c.args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		c.help()
		return exitOK, false
	case err != nil:
		return c.usage("%v", err), false
	}
	for _, arg := range c.flags.Args() {
		if len(arg) > 1 && strings.HasPrefix(arg, "-") {
			return c.usage("%s: flags go before the files", arg), false
		}
	}
	return exitOK, true
}

// usage says what is wrong with the arguments.
func (c *call) usage(format string, args ...any) int {
	c.complain(format, args...)
	fmt.Fprintf(c.stderr, "Usage: siphunt %s %s\nsiphunt help %s says more.\n", c.command.name, c.command.arguments, c.command.name)
	return exitUsage
}

// complain writes a line to stderr.
func (c *call) complain(format string, args ...any) {
	fmt.Fprintf(c.stderr, "siphunt %s: %s\n", c.command.name, fmt.Sprintf(format, args...))
}

func (c *call) help() {
	fmt.Fprintf(c.stdout, "Usage: siphunt %s\n\n%s\n", strings.TrimSpace(c.command.name+" "+c.command.arguments), strings.TrimSpace(c.command.details))
	c.flags.SetOutput(c.stdout)
	fmt.Fprintln(c.stdout)
	c.flags.PrintDefaults()
}
