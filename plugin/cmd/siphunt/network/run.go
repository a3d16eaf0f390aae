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
	var found Incidents
	take := func() {
		for _, a := range d.Alerts() {
			found.Add(&a)
		}
	}
	var r Record
	flows := make([]detect.Flow, batch)
	for n := batch; n == batch; {
		for n = 0; n < batch && g.Next(&r); n++ {
			flows[n] = r.Flow
		}
		d.ObserveAll(flows[:n])
		take()
		done(n)
	}
	d.Finish()
	take()
	return Judge(g.Truth(), &found), nil
}
