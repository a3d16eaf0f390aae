package network

import (
	"github.com/siphunt/siphunt/detect"
)

// batch is how many records a detector gets at a time.
const batch = 512

// Run puts a network through a detector. done gets the number of new records, now and then.
func Run(o Options, config detect.Config, done func(records int)) (*Result, error) {
	g, err := New(o)
	if err != nil {
		return nil, err
	}
	d, err := detect.New(config)
	if err != nil {
		return nil, err
	}
	var found incidents
	take := func() {
		for _, a := range d.Alerts() {
			found.add(&a)
		}
	}
	records := 0
	flows := make([]detect.Flow, batch)
	for n := batch; n == batch; {
		for n = 0; n < batch && g.Next(&flows[n]); n++ {
		}
		d.ObserveAll(flows[:n])
		take()
		records += n
		done(n)
	}
	d.Finish()
	take()
	r := judge(g.Truth(), &found)
	r.Options, r.Records = o, records
	return r, nil
}
