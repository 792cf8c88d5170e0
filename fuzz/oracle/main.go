// What Go's own readers make of an input: the ones that docker load, containerd and podman are built on.
// Reads lines "tar PATH" or "config PATH" from standard input and answers each with one line of JSON.
package main

import (
	"archive/tar"
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

type entry struct {
	// Bytes, which JSON writes in base64: names need not be UTF-8.
	Name []byte `json:"name"`
	Flag string `json:"flag"`
	Link []byte `json:"link"`
	Size int64  `json:"size"`
}

type answer struct {
	Error   string   `json:"error"`
	Entries []entry  `json:"entries,omitempty"`
	User    string   `json:"user"`
	Env     []string `json:"env"`
	Layers  []string `json:"layers"`
	Os      string   `json:"os"`
}

// The fields of an image configuration that are compared, as the OCI image spec's Go types have them.
type config struct {
	Os     string `json:"os"`
	Config struct {
		User   string            `json:"User"`
		Env    []string          `json:"Env"`
		Cmd    []string          `json:"Cmd"`
		Labels map[string]string `json:"Labels"`
	} `json:"config"`
	RootFS struct {
		Type    string   `json:"type"`
		DiffIDs []string `json:"diff_ids"`
	} `json:"rootfs"`
}

func readTar(path string) (result answer) {
	file, err := os.Open(path)
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer file.Close()
	reader := tar.NewReader(file)
	for {
		header, err := reader.Next()
		if err == io.EOF {
			return result
		}
		if err != nil {
			result.Error = err.Error()
			return result
		}
		// Go shows a global header as an entry of its own, which unpacks to nothing.
		if header.Typeflag == tar.TypeXGlobalHeader {
			continue
		}
		size, err := io.Copy(io.Discard, reader)
		if err != nil {
			result.Error = err.Error()
			return result
		}
		result.Entries = append(result.Entries, entry{[]byte(header.Name), string(rune(header.Typeflag)), []byte(header.Linkname), size})
	}
}

func readConfig(path string) answer {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return answer{Error: err.Error()}
	}
	var read config
	if err := json.Unmarshal(bytes, &read); err != nil {
		return answer{Error: err.Error()}
	}
	return answer{User: read.Config.User, Env: read.Config.Env, Layers: read.RootFS.DiffIDs, Os: read.Os}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		kind, path, _ := strings.Cut(lines.Text(), " ")
		result := answer{Error: "unknown request"}
		switch kind {
		case "tar":
			result = readTar(path)
		case "config":
			result = readConfig(path)
		}
		text, err := json.Marshal(result)
		if err != nil {
			text = []byte(`{"error":"not printable"}`)
		}
		fmt.Println(string(text))
	}
}
