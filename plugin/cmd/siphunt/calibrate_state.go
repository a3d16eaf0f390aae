package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/siphunt/siphunt/detect"
	"github.com/siphunt/siphunt/plugin/internal/calibrate"
	"github.com/siphunt/siphunt/plugin/internal/config"
)

// calibrateState recommends from what a running siphunt has measured. It takes no lock: the file is replaced as a whole.
func (c *call) calibrateState(dir, file, output string, asJSON bool) int {
	err := func() error {
		name, err := measurements(dir)
		if err != nil {
			return err
		}
		text, err := readMeasurements(name)
		if err != nil {
			return err
		}
		cfg, collector, err := restoreMeasurements(text, file)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		result := collector.Result(&cfg.Detector)
		writeCalibration(c.stderr, result)
		return c.writeResult(result, cfg, output, asJSON)
	}()
	if err != nil {
		c.complain("%v", err)
		return exitBad
	}
	return exitOK
}

// measurements returns the file of the one detector that has its folder in dir, or is it.
func measurements(dir string) (string, error) {
	own := filepath.Join(dir, calibrate.FileName)
	if _, err := os.Stat(own); err == nil {
		return own, nil
	}
	found, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*", calibrate.FileName))
	switch {
	case err != nil:
		return "", err
	case len(found) == 1:
		return found[0], nil
	case len(found) == 0:
		if _, err := os.ReadDir(dir); err != nil {
			return "", err
		}
		return "", fmt.Errorf("%s: no detector has measured anything there yet: give the state_dir of a siphunt that has run for some minutes", dir)
	}
	for i := range found {
		found[i] = filepath.Dir(found[i])
	}
	return "", fmt.Errorf("%s: there are several detectors, give the folder of one: %s", dir, strings.Join(found, ", "))
}

// escapeGlob has a path stand for itself in a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`*`, `[*]`, `?`, `[?]`, `[`, `[[]`).Replace(path)
}

// maxMeasurements is the longest file that is read.
const maxMeasurements = 64 << 20

func readMeasurements(name string) (string, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrPermission) {
		return "", fmt.Errorf("%w: the folder is its siphunt's: run this as its user", err)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxMeasurements))
	return string(text), err
}

// restoreMeasurements reads a file, under the configuration that it names unless there is another one.
func restoreMeasurements(text, file string) (*config.Config, *calibrate.Collector, error) {
	collector, inForce, err := calibrate.Read(text, new(detect.DefaultConfig()))
	if err != nil {
		return nil, nil, err
	}
	cfg, err := config.Parse("the configuration in force", inForce)
	if err != nil {
		return nil, nil, err
	}
	collector.SetConfig(&cfg.Detector)
	if file != "" {
		cfg, err = config.Load(file)
	}
	return cfg, collector, err
}
