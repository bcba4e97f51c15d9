// Verify a copy of the log with Go's own checksum-database packages: another hand, another language.
//
// usage: verify VERIFIER_KEY FOLDER    (FOLDER holds checkpoint, tile/..., tile/entries/...)
//
// Twice, by different means: StoredHashes recomputes the whole tree from the leaves and reads no
// tile; TileHashReader reads tiles and proves random leaves. Either alone can be fooled.
package main

import (
	"encoding/binary"
	"fmt"
	"io/ioutil"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Println("BAD:", err)
		os.Exit(1)
	}
}

func run(key, folder string) error {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return err
	}
	text, err := ioutil.ReadFile(filepath.Join(folder, "checkpoint"))
	if err != nil {
		return err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return err
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return err
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return err
	}
	leaves, err := readLeaves(folder, size)
	if err != nil {
		return err
	}
	if err := fromLeaves(leaves, tlog.Tree{N: size, Hash: root}); err != nil {
		return err
	}
	if err := fromTiles(folder, leaves, tlog.Tree{N: size, Hash: root}); err != nil {
		return err
	}
	fmt.Println("GOOD", size)
	return nil
}

func readLeaves(folder string, size int64) ([][]byte, error) {
	var leaves [][]byte
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		data, err := ioutil.ReadFile(filepath.Join(folder, "tile", "entries", number(n, width)))
		if err != nil {
			return nil, err
		}
		for len(data) >= 2 {
			length := int(binary.BigEndian.Uint16(data))
			if len(data) < 2+length {
				return nil, fmt.Errorf("bundle %d is cut short", n)
			}
			leaves = append(leaves, data[2:2+length])
			data = data[2+length:]
		}
	}
	if int64(len(leaves)) != size {
		return nil, fmt.Errorf("%d leaves instead of %d", len(leaves), size)
	}
	return leaves, nil
}

type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = m[index]
	}
	return found, nil
}

func fromLeaves(leaves [][]byte, tree tlog.Tree) error {
	var stored memory
	for i, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(i), leaf, stored)
		if err != nil {
			return err
		}
		stored = append(stored, hashes...)
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the leaves lead to another root")
	}
	return nil
}

type files struct{ folder string }

func (f files) Height() int                                { return 8 }
func (f files) SaveTiles(tiles []tlog.Tile, data [][]byte) {}
func (f files) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		name := filepath.Join("tile", strconv.Itoa(tile.L), number(tile.N, int64(tile.W)))
		data, err := ioutil.ReadFile(filepath.Join(f.folder, name))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func fromTiles(folder string, leaves [][]byte, tree tlog.Tree) error {
	reader := tlog.TileHashReader(tree, files{folder})
	step := tree.N/64 + 1
	for i := int64(0); i < tree.N; i += step {
		proof, err := tlog.ProveRecord(tree.N, i, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, i, tlog.RecordHash(leaves[i])); err != nil {
			return fmt.Errorf("record %d: %v", i, err)
		}
		if i > 0 {
			old, err := tlog.TreeHash(i, reader)
			if err != nil {
				return err
			}
			between, err := tlog.ProveTree(tree.N, i, reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckTree(between, tree.N, tree.Hash, i, old); err != nil {
				return err
			}
		}
	}
	return nil
}

func number(n, width int64) string {
	text := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		text = fmt.Sprintf("x%03d/%s", n%1000, text)
	}
	if width != 256 {
		text += fmt.Sprintf(".p/%d", width)
	}
	return text
}
