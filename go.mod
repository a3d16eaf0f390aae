module github.com/siphunt/siphunt

go 1.26
