package feed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	jsoniter "github.com/json-iterator/go"
)

// Formats returns the values of Config.Format.
func Formats() []string { return []string{"plain", "nftables"} }

// Write writes the file if something has changed since the last time. It is called once in a while, without the locks of
// others: it takes as long as the disk does.
func (f *Feed) Write(now time.Time) {
	f.writing.Lock()
	defer f.writing.Unlock()
	file, list, known, changed := f.take(now)
	if !changed {
		return
	}
	err := errors.Join(replace(file+".state", known), replace(file, list))
	if err != nil {
		f.mu.Lock()
		f.dirty = true // again next time
		f.mu.Unlock()
	}
	if err != nil && !f.broken {
		f.warn(fmt.Sprintf("feed.file = %q cannot be written, it stays as it is: %v", file, err))
	}
	f.broken = err != nil
}

// take returns the contents of both files.
func (f *Feed) take(now time.Time) (file string, list, known []byte, changed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.config.File == "" {
		return "", nil, nil, false
	}
	f.expire(now.UnixMilli())
	if !f.dirty {
		return "", nil, nil, false
	}
	f.dirty = false
	if f.dropped > 0 {
		f.warn(fmt.Sprintf("%d clients were left out of the feed, because there were more than feed.max_clients = %d", f.dropped, f.config.MaxClients))
		f.dropped = 0
	}
	return f.config.File, f.list(now), f.known(), true
}

// list returns the file in its format.
func (f *Feed) list(now time.Time) []byte {
	if f.config.Format == "nftables" {
		return f.nftables(now)
	}
	return f.plain()
}

// leave empties the file.
func (f *Feed) leave(now time.Time) {
	file := f.config.File
	clear(f.clients)
	if file == "" {
		return
	}
	if err := replace(file, f.list(now)); err != nil {
		f.warn(fmt.Sprintf("%q is not the feed's any more, and cannot be emptied: %v", file, err))
	}
	_ = os.Remove(file + ".state")
}

// plain has a client a line: an IPv4 address, or an IPv6 prefix.
func (f *Feed) plain() []byte {
	var b bytes.Buffer
	for _, p := range f.sorted() {
		fmt.Fprintln(&b, name(p))
	}
	return b.Bytes()
}

func name(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// nftables is a script for nft -f: two sets of a table of their own, whose elements expire by themselves.
func (f *Feed) nftables(now time.Time) []byte {
	var b bytes.Buffer
	b.WriteString("# Written by siphunt. Load it with nft -f; rules of yours in table inet siphunt may ask for @clients4 and @clients6.\nadd table inet siphunt\n")
	for _, set := range []struct {
		name, kind string
		is6        bool
	}{{"clients4", "ipv4_addr", false}, {"clients6", "ipv6_addr", true}} {
		fmt.Fprintf(&b, "add set inet siphunt %s { type %s; flags interval, timeout; }\nflush set inet siphunt %s\n", set.name, set.kind, set.name)
		for _, p := range f.sorted() {
			if p.Addr().Is6() == set.is6 {
				left := max(1, (f.clients[p].until-now.UnixMilli())/1000)
				fmt.Fprintf(&b, "add element inet siphunt %s { %s timeout %ds }\n", set.name, name(p), left)
			}
		}
	}
	return b.Bytes()
}

// remembered is a line of what the feed knows of a client, for the next start and for people.
type remembered struct {
	Client   netip.Prefix `json:"client"`
	Until    time.Time    `json:"until"`
	Kind     string       `json:"kind"`
	Risk     int          `json:"risk"`
	Incident string       `json:"incident"`
}

func (f *Feed) known() []byte {
	var b bytes.Buffer
	out := jsoniter.NewEncoder(&b)
	for _, p := range f.sorted() {
		c := f.clients[p]
		_ = out.Encode(remembered{p, time.UnixMilli(c.until).UTC(), c.kind, c.risk, c.incident}) // into memory
	}
	return b.Bytes()
}

// recall reads what a feed knew when it was written last. A line that cannot be read is left out.
func (f *Feed) recall(file string) {
	if file == "" {
		return
	}
	in, err := os.Open(filepath.Clean(file + ".state"))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			f.warn(fmt.Sprintf("the feed begins without those who were in it: %v", err))
		}
		return
	}
	defer in.Close()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var r remembered
		if err := jsoniter.Unmarshal(lines.Bytes(), &r); err == nil && r.Client.IsValid() {
			f.clients[r.Client.Masked()] = client{r.Until.UnixMilli(), r.Kind, r.Risk, r.Incident}
		}
	}
}

// replace puts a new file in the place of an old one, so that nobody ever reads half of it.
func replace(file string, content []byte) error {
	out, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*.new")
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	err = errors.Join(err, out.Chmod(0o644), out.Sync(), out.Close())
	if err == nil {
		err = os.Rename(out.Name(), file)
	}
	if err != nil {
		_ = os.Remove(out.Name())
	}
	return err
}
