package week

import (
	"time"

	"github.com/siphunt/siphunt/plugin/cmd/siphunt/traffic"
	"github.com/siphunt/siphunt/plugin/internal/config"
	"github.com/siphunt/siphunt/plugin/internal/replay"
)

// Cost is what a run in this process took. All is 0 where the system does not tell.
type Cost struct {
	Generation time.Duration // processor time for making the records: no part of what siphunt does
	Detection  time.Duration // and from a chunk to the verdict, garbage collection with it
	Memory     int64         // the most that was resident, in bytes, with what the generator needs
}

// Run puts a week through the detector, chunk by chunk, in this process. done gets the number of new records, now and then.
func Run(g *Generator, cfg *config.Config, done func(records int)) (*Result, error) {
	var incidents Incidents
	r, err := replay.New(cfg, incidents.Add, func(string) {})
	if err != nil {
		return nil, err
	}
	encoder, err := NewEncoder(traffic.Chunks, traffic.Ipfixprobe)
	if err != nil {
		return nil, err
	}
	var cost Cost
	chunk := make([]byte, 0, traffic.ChunkSize+traffic.ChunkSize/2)
	for more := true; more; {
		begin, records := processorTime(), 0
		chunk, records, more = encoder.Chunk(chunk[:0], g)
		made := processorTime()
		r.Chunk(chunk)
		cost.Generation += made - begin
		cost.Detection += processorTime() - made
		done(records)
	}
	begin := processorTime()
	r.Finish()
	cost.Detection += processorTime() - begin
	cost.Memory = residentPeak()
	result := Compare(g.Truth(), incidents.Ended())
	result.setRecords(r.Counts())
	result.Cost = &cost
	return result, nil
}

// setRecords completes the table with what the decoder counted: relevant are the answers less those that the paper did not look at.
func (r *Result) setRecords(c replay.Counts) {
	r.Found.Records = int(c.Records)
	r.Found.Relevant = int(c.Relevant) - r.Further
}
