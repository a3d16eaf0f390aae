package flow

// For the comparison in package flow_test.
var PerRecord = perRecord

// TrafficMix is the chunk of BenchmarkChunkMix and its number of records.
func TrafficMix() (chunk []byte, records int) {
	return traffic(mixRecords, relevantShare, "ipfixcol2", "unirec"), mixRecords
}
