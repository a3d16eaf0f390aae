package detect_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/siphunt/siphunt/detect"
)

// campaigns gives the campaigns of the incidents that have opened since the last call.
func (s *plot) campaigns() (ids []string) {
	for _, a := range s.d.Alerts() {
		if a.State == detect.Open && !a.Changed {
			ids = append(ids, a.Campaign.ID)
		}
	}
	return ids
}

// sameCampaign tells whether all ids are one, and how many there are.
func sameCampaign(ids []string) (same bool) {
	for _, id := range ids {
		if id != ids[0] || id == "" {
			return false
		}
	}
	return len(ids) > 0
}

// What one client does within a day is one campaign, at whatever registrar.
func TestScanThenCrackIsOneCampaign(t *testing.T) {
	s := newSettledPlot(t)
	for _, user := range users(20) {
		s.answers(attacker, user, time.Second, 404)
	}
	s.quiet(3 * time.Hour)
	s.guess(attacker, "300@pbx", 30, time.Second)
	s.quiet(6 * time.Hour)
	s.at(server(7)).guess(attacker, "300@pbx", 30, time.Second)
	ids := s.campaigns()
	if len(ids) != 3 || !sameCampaign(ids) {
		t.Errorf("campaigns %v", ids)
	}
	s.quiet(25 * time.Hour)
	s.guess(attacker, "301@pbx", 30, time.Second)
	if later := s.campaigns(); len(later) != 1 || later[0] == ids[0] {
		t.Errorf("a day later campaign %v, before %v", later, ids)
	}
}

// What half of the clients of a botnet have done before is the same campaign.
func TestBotnetIsOneCampaign(t *testing.T) {
	s := newSettledPlot(t)
	for target := range 3 {
		for i := range 60 {
			s.answers(bot(i%20), fmt.Sprintf("%d@pbx", target), time.Second, 403)
		}
		s.quiet(time.Hour)
	}
	if ids := s.campaigns(); len(ids) != 3 || !sameCampaign(ids) {
		t.Errorf("campaigns %v", ids)
	}
}

// Scans of one list that begin within ten minutes are those of a team; later ones are not.
func TestTeamIsOneCampaign(t *testing.T) {
	for pause, want := range map[time.Duration]bool{9 * time.Minute: true, 11 * time.Minute: false} {
		s := newSettledPlot(t)
		for i := range 4 {
			for _, user := range users(15) {
				s.answer(bot(i), user, 404)
			}
			s.quiet(pause)
		}
		if ids := s.campaigns(); len(ids) != 4 || sameCampaign(ids) != want {
			t.Errorf("with pauses of %v campaigns %v", pause, ids)
		}
	}
}

// An attacker who sends a message in the name of a victim does not get the victim's incident into his campaign, nor his into
// another one's.
func TestCampaignIsNotJoinedByNamingAVictim(t *testing.T) {
	s := newSettledPlot(t)
	const phone = "10.0.0.1"
	s.login(phone, "phone@pbx")
	for i := range 40 { // the bots, and the phone's address among them
		s.answers(bot(i%8), "300@pbx", time.Second, 403)
	}
	s.answers(phone, "300@pbx", time.Second, 403, 403)
	botnet := s.campaigns()
	s.wait(time.Minute)
	s.answers(phone, "phone@pbx", time.Second, repeated(20, 403)...)
	theirs := s.campaigns()
	if len(botnet) != 1 || len(theirs) != 1 || botnet[0] == theirs[0] {
		t.Errorf("the botnet's campaign is %v, the phone's %v", botnet, theirs)
	}
}
