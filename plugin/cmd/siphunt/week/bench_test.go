package week

import (
	"os"
	"testing"

	"github.com/siphunt/siphunt/plugin/internal/config"
)

// BenchmarkWeek takes a hundredth of the paper's week from chunks to verdicts; with WEEK=1 in the environment, all of it.
func BenchmarkWeek(b *testing.B) {
	scale := 0.01
	if os.Getenv("WEEK") == "1" {
		scale = 1
	}
	for b.Loop() {
		g, err := New(1, scale)
		if err != nil {
			b.Fatal(err)
		}
		r, err := Run(g, config.Default(), func(int) {})
		if err != nil {
			b.Fatal(err)
		}
		if !r.Exact() {
			b.Fatal("what was found is not what is in the week; see siphunt evaluate -week")
		}
		b.ReportMetric(float64(r.Found.Records), "records")
		b.ReportMetric(r.Cost.Detection.Seconds(), "s-detection")
		b.ReportMetric(r.Cost.Generation.Seconds(), "s-generation")
		b.ReportMetric(float64(r.Cost.Memory)/(1<<20), "MiB-peak")
	}
}
