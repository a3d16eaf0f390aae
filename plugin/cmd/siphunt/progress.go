package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far a command has come, where somebody may be watching.
type progress struct {
	bar *progressbar.ProgressBar // nil where stderr is no terminal
}

// progressBytes counts bytes.
var progressBytes = progressbar.OptionShowBytes(true)

// newProgress is that of reading files. It counts bytes as they are on disk.
func newProgress(stderr io.Writer, what string, files []string) *progress {
	return newProgressOf(stderr, what, totalSize(files), progressBytes)
}

// newProgressOf goes up to total, -1 where it is not known.
func newProgressOf(stderr io.Writer, what string, total int64, unit progressbar.Option) *progress {
	f, ok := stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return &progress{}
	}
	return &progress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(stderr),
		progressbar.OptionSetDescription(what),
		unit,
		progressbar.OptionFullWidth(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)}
}

// totalSize is -1 where it is not known.
func totalSize(files []string) int64 {
	var total int64
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return -1
		}
		total += info.Size()
	}
	return total
}

// reader counts what is read from r.
func (p *progress) reader(r io.Reader) io.Reader {
	if p.bar == nil {
		return r
	}
	return io.TeeReader(r, p.bar)
}

// add counts what was done since the last time.
func (p *progress) add(n int) {
	if p.bar != nil {
		_ = p.bar.Add(n)
	}
}

// clear makes room for a line of text.
func (p *progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
		_ = p.bar.Clear()
	}
}
