package flow

// For the comparison in package flow_test.
var PerRecord = perRecord
