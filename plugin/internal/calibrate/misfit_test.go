package calibrate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestMisfitIsSaidOnceADay, and not before there is a day to judge from.
func TestMisfitIsSaidOnceADay(t *testing.T) {
	n := newNetwork(t)
	login := append(slices.Repeat([]int{401}, 12), 200) // now one phone is asked too often, now another one
	var said []string
	var hours []int
	for hour := range 72 {
		n.logins(40, 1, time.Second)
		n.answers(fmt.Sprintf("192.0.2.%d", hour%40), fmt.Sprintf("%d@pbx", hour%40), 3*time.Second, login...)
		n.quiet(time.Hour)
		if text := n.collector.Misfit(&n.cfg); text != "" {
			said = append(said, text)
			hours = append(hours, hour+1)
		}
	}
	// After the first day 984 logins are too few to say anything.
	if !slices.Equal(hours, []int{48, 72}) || !strings.HasPrefix(said[0], "login_challenges = 8 does not fit this network, 15 would: phones reached it, 48 times") {
		t.Errorf("after %d hours: %q", hours, said)
	}
	cfg := n.cfg
	cfg.LoginChallenges = 15
	n.quiet(25 * time.Hour)
	if text := n.collector.Misfit(&cfg); text != "" {
		t.Errorf("of a configuration that fits it says %q", text)
	}
}
