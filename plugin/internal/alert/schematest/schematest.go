// Package schematest checks records against the public schemas of their formats, for tests: by the implementations that
// their communities keep on PyPI, in a virtual environment that is made at the first use.
package schematest

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed validate.py
var script string

// packages are what validate.py imports.
var packages = []string{"ocsf-json-schema==1.2.0", "jsonschema==4.26.0", "idea-format==0.1.15"}

// Validate checks records, one JSON object a line, against the schema of format "ocsf" or "idea". It skips the test where Python or
// the packages are not to be had, unless SIPHUNT_SCHEMAS is set.
func Validate(t *testing.T, format string, records []byte) {
	t.Helper()
	cmd := exec.Command(python(t), "-c", script, format)
	cmd.Stdin = bytes.NewReader(records)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", format, err, out)
	}
}

// python returns the interpreter of a virtual environment with the packages, below build of the repository. It is made aside and
// renamed when it is complete, as the tests of several packages may need it at once.
func python(t *testing.T) string {
	t.Helper()
	build := filepath.Join(root(t), "build")
	sum := sha256.Sum256([]byte(strings.Join(packages, " ")))
	folder := filepath.Join(build, "schemas-"+hex.EncodeToString(sum[:4]))
	interpreter := filepath.Join("bin", "python")
	if _, err := os.Stat(folder); err == nil {
		return filepath.Join(folder, interpreter)
	}
	if err := os.MkdirAll(build, 0o755); err != nil {
		t.Fatal(err)
	}
	made, err := os.MkdirTemp(build, "schemas-*.new")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(made)
	for _, step := range [][]string{
		{"python3", "-m", "venv", made},
		append([]string{filepath.Join(made, interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"}, packages...),
	} {
		if out, err := exec.Command(step[0], step[1:]...).CombinedOutput(); err != nil {
			giveUp(t, "%s: %v\n%s", strings.Join(step, " "), err, out)
		}
	}
	if err := os.Rename(made, folder); err != nil && !errors.Is(err, fs.ErrExist) {
		t.Fatal(err)
	}
	return filepath.Join(folder, interpreter)
}

func giveUp(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("SIPHUNT_SCHEMAS") != "" {
		t.Fatalf(format, args...)
	}
	t.Skipf("NOTE: nobody has checked the records against the public schemas: Python 3.10 or newer with venv and PyPI is needed.\n"+format, args...)
}

// root is the folder of go.mod.
func root(t *testing.T) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		if parent := filepath.Dir(folder); parent != folder {
			folder = parent
			continue
		}
		t.Fatal("no go.mod above")
	}
}
