// Calls every getter of go-nvml on the library that the dynamic linker finds, and tells what came back.
//
// One JSON object a line, opened before the call and closed after it: a line without end names the call that ended the
// process. {"function", "arguments", and one of: "value": ..., "code": NVML's number, "raised": text}. A method or
// parameter that this program has no arguments for is {"unknown": text}: nothing is passed over in silence.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

var (
	// What a method does stands behind the prefix of what it does it to.
	prefix = `^(SystemEventSet|System|Unit|Device|VgpuType|VgpuInstance|GpuInstance|ComputeInstance|EventSet|Gpm)?` +
		`(Mig|Sample|Metrics|WorkloadPowerProfile|PowerSmoothing)*`
	getter = regexp.MustCompile(prefix + `(Get|Is|On|Query|ReadPRM|Validate|Wait|ErrorString)`)
	change = regexp.MustCompile(prefix + `(Set|Clear|Reset|Create|Destroy|Register|Freeze|Modify|Remove|Discover|Update|` +
		`Activate|ReadWrite|Alloc|Free|VgpuForce|Init|Shutdown|Extensions)`)
	output = bufio.NewWriter(os.Stdout)
)

// A method of the interface, bound to what it is called on.
type method struct {
	function string // as in the C interface
	subject  string // what it is called on, "" for the library
	call     reflect.Value
}

func say(entry interface{}) {
	text, err := json.Marshal(entry)
	if err != nil {
		panic(err)
	}
	output.Write(append(text, '\n'))
}

// What JSON can hold: structures by member, handles as true, C texts as texts, truth values as 0 and 1.
func plain(value reflect.Value) interface{} {
	switch value.Kind() {
	case reflect.Struct:
		members := map[string]interface{}{}
		for i := 0; i < value.NumField(); i++ {
			if field := value.Type().Field(i); field.IsExported() {
				members[field.Name] = plain(value.Field(i))
			}
		}
		return members
	case reflect.Array, reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Int8 {
			text := []byte{}
			for i := 0; i < value.Len() && value.Index(i).Int() != 0; i++ {
				text = append(text, byte(value.Index(i).Int()))
			}
			return string(text)
		}
		entries := []interface{}{}
		for i := 0; i < value.Len(); i++ {
			entries = append(entries, plain(value.Index(i)))
		}
		return entries
	case reflect.Interface, reflect.Ptr:
		return !value.IsNil()
	case reflect.Bool:
		if value.Bool() {
			return 1
		}
		return 0
	default:
		return value.Interface()
	}
}

// Handlers are answers that are asked once more, for a version of their structure.
func isHandler(kind reflect.Type) bool {
	return strings.HasSuffix(kind.Name(), "Handler") || kind == reflect.TypeOf(nvml.GpmSupportV{}) ||
		kind == reflect.TypeOf(nvml.GpmMetricsGetVType{})
}

func callOne(m method, values []argument) {
	texts := []string{}
	if m.subject != "" {
		texts = append(texts, m.subject)
	}
	inputs := []reflect.Value{}
	for _, value := range values {
		texts = append(texts, value.text)
		inputs = append(inputs, value.make())
	}
	if kind := m.call.Type(); kind.NumOut() == 1 && isHandler(kind.Out(0)) {
		handler := m.call.Call(inputs)[0]
		for i := 0; i < handler.NumMethod(); i++ {
			version := handler.Type().Method(i).Name
			tell(m.function, append(append([]string{}, texts...), version), nil, handler.Method(i).Call)
		}
		return
	}
	tell(m.function, texts, inputs, m.call.Call)
}

func tell(function string, texts []string, inputs []reflect.Value, call func([]reflect.Value) []reflect.Value) {
	opened, _ := json.Marshal(map[string]interface{}{"function": function, "arguments": texts})
	output.Write(opened[:len(opened)-1])
	output.WriteString(", ")
	output.Flush()
	result := answer(inputs, call)
	text, err := json.Marshal(result)
	if err != nil {
		text, _ = json.Marshal(map[string]interface{}{"raised": err.Error()})
	}
	output.Write(text[1:])
	output.WriteString("\n")
}

func answer(inputs []reflect.Value, call func([]reflect.Value) []reflect.Value) (result map[string]interface{}) {
	defer func() {
		if reason := recover(); reason != nil {
			result = map[string]interface{}{"raised": fmt.Sprint(reason)}
		}
	}()
	values := []interface{}{}
	for _, out := range call(inputs) {
		if out.Type() != reflect.TypeOf(nvml.SUCCESS) {
			values = append(values, plain(out))
		} else if code := nvml.Return(out.Int()); code != nvml.SUCCESS {
			return map[string]interface{}{"code": int(code)}
		}
	}
	// What gives nothing but a code has filled what was passed.
	for _, input := range inputs {
		if len(values) == 0 && input.Kind() == reflect.Ptr && input.Elem().Kind() == reflect.Struct {
			values = append(values, plain(input.Elem()))
		} else if len(values) == 0 && input.Kind() == reflect.Slice {
			values = append(values, plain(input))
		}
	}
	if len(values) == 1 {
		return map[string]interface{}{"value": values[0]}
	}
	return map[string]interface{}{"value": values}
}

// Every list of arguments for a method.
func callAll(library nvml.Interface, m method, known *arguments) {
	lists := [][]argument{{}}
	kind := m.call.Type()
	for i := 0; i < kind.NumIn(); i++ {
		choices := known.of(m.function, kind, i)
		if choices == nil {
			say(map[string]string{"unknown": fmt.Sprintf("no arguments for parameter %d (%v) of %s", i, kind.In(i), m.function)})
			return
		}
		longer := [][]argument{}
		for _, list := range lists {
			for _, choice := range choices {
				longer = append(longer, append(append([]argument{}, list...), choice))
			}
		}
		lists = longer
	}
	// This binding binds late: a function that the library lacks would end the process.
	if library.Extensions().LookupSymbol(symbolOf(m.function)) != nil {
		say(map[string]interface{}{"function": m.function, "arguments": []string{m.subject}, "code": int(nvml.ERROR_FUNCTION_NOT_FOUND)})
		return
	}
	for _, list := range lists {
		callOne(m, list)
	}
}

// Methods of one interface on one subject.
func visit(library nvml.Interface, known *arguments, of reflect.Type, subject interface{}, name string, cName string) {
	for i := 0; i < of.NumMethod(); i++ {
		declared := of.Method(i)
		function := "nvml" + cName + declared.Name
		if regexp.MustCompile(`^(Gpm|VgpuType)`).MatchString(declared.Name) {
			function = "nvml" + declared.Name
		}
		switch {
		case change.MatchString(declared.Name):
		case getter.MatchString(declared.Name):
			callAll(library, method{function, name, reflect.ValueOf(subject).MethodByName(declared.Name)}, known)
		default:
			say(map[string]string{"unknown": declared.Name + " is neither a getter nor a change"})
		}
	}
}

func main() {
	library := nvml.New()
	if code := library.Init(); code != nvml.SUCCESS {
		fmt.Fprintln(os.Stderr, "init:", code)
		os.Exit(1)
	}
	known := findSubjects(library)
	say(map[string]interface{}{"subjects": known.counts()})
	visit(library, known, reflect.TypeOf((*nvml.Interface)(nil)).Elem(), library, "", "")
	for i, device := range known.devices {
		visit(library, known, reflect.TypeOf((*nvml.Device)(nil)).Elem(), device, known.deviceNames[i], "Device")
	}
	for i, instance := range known.gpuInstances {
		visit(library, known, reflect.TypeOf((*nvml.GpuInstance)(nil)).Elem(), instance, fmt.Sprint("GPU instance ", i), "GpuInstance")
	}
	for i, instance := range known.computeInstances {
		visit(library, known, reflect.TypeOf((*nvml.ComputeInstance)(nil)).Elem(), instance, fmt.Sprint("compute instance ", i), "ComputeInstance")
	}
	for i, kind := range known.vgpuTypes {
		visit(library, known, reflect.TypeOf((*nvml.VgpuTypeId)(nil)).Elem(), kind, fmt.Sprint("vGPU type ", i), "VgpuType")
	}
	for i, vgpu := range known.vgpus {
		visit(library, known, reflect.TypeOf((*nvml.VgpuInstance)(nil)).Elem(), vgpu, fmt.Sprint("vGPU ", i), "VgpuInstance")
	}
	visit(library, known, reflect.TypeOf((*nvml.EventSet)(nil)).Elem(), known.eventSet, "an event set", "EventSet")
	visit(library, known, reflect.TypeOf((*nvml.GpmSample)(nil)).Elem(), known.sample, "a sample", "GpmSample")
	if code := library.Shutdown(); code != nvml.SUCCESS {
		fmt.Fprintln(os.Stderr, "shutdown:", code)
		os.Exit(1)
	}
	say(map[string]bool{"end": true})
	output.Flush()
}

// Two samples of the first GPU, far enough apart to be compared.
func sampleTwice(library nvml.Interface, device nvml.Device) (first, second nvml.GpmSample) {
	first, _ = library.GpmSampleAlloc()
	second, _ = library.GpmSampleAlloc()
	if first == nil || second == nil {
		return nil, nil
	}
	device.GpmSampleGet(first)
	time.Sleep(150 * time.Millisecond)
	device.GpmSampleGet(second)
	return first, second
}
