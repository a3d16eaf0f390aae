package traffic

// PhoneAgents are what phones call themselves.
var PhoneAgents = []string{
	"Yealink SIP-T46S 66.86.0.15", "Grandstream GXP2160 1.0.11.35", "Cisco/SPA504G-7.6.2e", "snom720/8.7.5.17",
	"PolycomVVX-VVX_411-UA/5.9.5.0614", "AVM FRITZ!Box 7590 154.07.29", "Linphone/4.2 (belle-sip/4.3.1)", "Zoiper rv2.10.13",
}

// Scanner is what SIPVicious calls itself.
const Scanner = "friendly-scanner"
