package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/siphunt/siphunt/plugin/internal/replay"
)

var showCommand = &command{
	name:      "show",
	arguments: "FILE | -",
	summary:   "show alerts as a table",
	details: `
Reads alerts as JSON lines, as siphunt replay or Fluent Bit's file output write them (plain, or compressed with gzip or
zstd), from a file or from standard input (-), and prints a table of the incidents as they stand.`,
	run: runShow,
}

func runShow(c *call) int {
	if code, ok := c.parse(); !ok {
		return code
	}
	if c.flags.NArg() != 1 {
		return c.usage("give one file, or - for standard input")
	}
	name := c.flags.Arg(0)
	in, err := c.input(name)
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	defer in.Close()
	if name == "-" {
		name = "standard input"
	}
	var s summary
	if err := c.readAlerts(&s, name, in); err != nil {
		c.complain("%s: %v", name, err)
		return exitBad
	}
	s.write(c.stdout)
	return exitOK
}

// readAlerts takes the lines that are alerts, and tells of the first that is none.
func (c *call) readAlerts(s *summary, name string, in io.Reader) error {
	l, err := replay.NewLines(in)
	if err != nil {
		return err
	}
	defer l.Close()
	others := 0
	for {
		line, err := l.Next()
		switch {
		case errors.Is(err, io.EOF):
			if others > 1 {
				c.complain("%s: %d lines are no alerts", name, others)
			}
			return nil
		case err != nil && !errors.Is(err, replay.ErrLongLine):
			return fmt.Errorf("broken off after line %d: %w", l.Number(), err)
		}
		if line = bytes.TrimSpace(line); err == nil && (len(line) == 0 || s.add(record(line))) {
			continue
		}
		if others++; others == 1 {
			c.complain("%s:%d: no alert: %s", name, l.Number(), excerpt(line, err))
		}
	}
}

// record takes off what Fluent Bit's file output writes around a record unless it is told otherwise: tag: [time, {...}].
func record(line []byte) []byte {
	from, to := bytes.IndexByte(line, '{'), bytes.LastIndexByte(line, '}')
	if from < 0 || to < from {
		return line
	}
	return line[from : to+1]
}

func excerpt(line []byte, err error) string {
	if err != nil {
		return err.Error()
	}
	return printable(string(line[:min(80, len(line))]))
}
