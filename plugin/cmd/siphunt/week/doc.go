// Package week makes the week of SIP flow records that "Hunting SIP Authentication Attacks Efficiently" (Jansky, Cejka,
// Bartos, AIMS 2017) measured on a national network, with exactly the figures of its Table 1, and compares what a detector
// found with what is truly in it.
//
// A Generator is a heap of sources, ordered by the time of their next answer: attacks (attack.go), planned in campaign.go,
// and everybody else (phone.go), planned in population.go. Each knows at the beginning how many answers it will give, so
// the totals are exact by construction. Step by step the Generator gives one answer to a REGISTER, with the number of all
// other records that passed before it; an Encoder turns steps into the records of a collector. While the attacks run
// they write down what they did: the Truth, which Compare holds beside the alerts.
//
// # How the paper's figures are read
//
// Relevant are the answers 401 and 200 to REGISTER. Malicious of these are the 401s that attacks got, and the 200s that
// they succeeded with. Distributed brute force counts as brute force, a password spray as a scan. Answers 403 and 404 come
// on top (Further): the paper did not look at them, the detector does. A cracked account in use is not counted as malicious.
package week
