package engine

import (
	"log/slog"
	"time"

	"github.com/siphunt/siphunt/plugin/internal/judge"
)

// misfits has the judge look whether the configuration fits the network, and tells what does not, once a day at most.
type misfits struct {
	looked time.Time
}

// lookEvery is how often the judge is asked; it looks once a day.
const lookEvery = time.Hour

// look is called once a second.
func (m *misfits) look(e *Engine) {
	now := e.now()
	if pause := now.Sub(m.looked); pause >= 0 && pause < lookEvery {
		return
	}
	m.looked = now
	e.queue.Push(judge.Message{Do: func(j *judge.Judge) error {
		if text := j.Misfit(); text != "" {
			e.log.Say(slog.LevelWarn, text+"; siphunt calibrate says more")
		}
		return nil
	}})
}
