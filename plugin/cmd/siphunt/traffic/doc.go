// Package traffic is what all generated traffic has in common, the paper's week and the network: a queue by time,
// address ranges, the names of phones.
package traffic
