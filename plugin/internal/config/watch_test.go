package config

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestWatch tells of a file that is written, replaced, removed, and there again.
func TestWatch(t *testing.T) {
	folder := t.TempDir()
	file, other := filepath.Join(folder, "siphunt.toml"), filepath.Join(folder, "new")
	changed := make(chan struct{}, 1)
	w, err := Watch(file, func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	write := func(file string) error { return os.WriteFile(file, []byte("detector.attempts = 5"), 0o600) }
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"the start", func() error { return nil }},
		{"a new file", func() error { return write(file) }},
		{"a file that is replaced", func() error {
			if err := write(other); err != nil {
				return err
			}
			return os.Rename(other, file)
		}},
		{"a file that is removed", func() error { return os.Remove(file) }},
		{"a file that is there again", func() error { return write(file) }},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-changed:
		case <-time.After(10 * time.Second):
			t.Fatalf("not told of %s", step.what)
		}
	}
}

func TestNoFolderToWatch(t *testing.T) {
	if w, err := Watch(filepath.Join(t.TempDir(), "none", "siphunt.toml"), func() {}); err == nil {
		w.Close()
		t.Error("a folder that is not there is watched")
	}
}
