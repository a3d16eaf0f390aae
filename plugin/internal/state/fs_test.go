package state

import (
	"path/filepath"
	"slices"
	"testing"
)

// TestNewFoldersOutliveTheMachine: the name of each folder that is made is synced in the folder above it.
func TestNewFoldersOutliveTheMachine(t *testing.T) {
	top := t.TempDir()
	path := filepath.Join(top, "lib", "siphunt", "main")
	var synced []string
	sync := func(folder string) error {
		synced = append(synced, folder)
		return nil
	}
	for _, want := range [][]string{{filepath.Join(top, "lib", "siphunt"), filepath.Join(top, "lib"), top}, nil} {
		synced = nil
		if err := makeFolder(path, sync); err != nil || !slices.Equal(synced, want) {
			t.Errorf("synced %q and %v, want %q", synced, err, want)
		}
	}
}
