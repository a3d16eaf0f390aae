package alert

import "github.com/siphunt/siphunt/plugin/internal/alert/enrich"

// geo returns source.geo.*.
func geo(p *enrich.Place) object {
	o := known(
		field{"continent_name", text128(p.Continent)},
		field{"country_name", text128(p.Country)},
		field{"country_iso_code", text128(p.CountryCode)},
		field{"region_name", text128(p.Region)},
		field{"region_iso_code", regionCode(p)},
		field{"city_name", text128(p.City)},
	)
	if p.HasLocation {
		o = append(o, field{"location", object{{"lat", p.Latitude}, {"lon", p.Longitude}}})
	}
	return o
}

// regionCode is of ISO 3166-2, with the country.
func regionCode(p *enrich.Place) string {
	if p.CountryCode == "" || p.RegionCode == "" {
		return ""
	}
	return text128(p.CountryCode + "-" + p.RegionCode)
}

// as returns source.as.*.
func as(p *enrich.Place) object {
	if p.ASN == 0 {
		return nil
	}
	return known(
		field{"number", p.ASN},
		field{"organization", known(field{"name", text128(p.Organization)})},
	)
}

// assetFields returns siphunt.asset.*: whom to call.
func assetFields(a *enrich.Asset) object {
	if a == nil {
		return nil
	}
	return known(
		field{"name", text128(a.Name)},
		field{"owner", text128(a.Owner)},
		field{"contact", text128(a.Contact)},
		field{"labels", cleanedTexts(a.Labels)},
	)
}

// text128 cleans what comes from files, as what comes from packets is.
func text128(s string) string { return clean(s, maxText) }
