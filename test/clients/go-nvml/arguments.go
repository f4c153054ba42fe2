package main

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
)

// An argument of a call. `make` gives it anew each time: calls fill what is passed by address.
type argument struct {
	text string
	make func() reflect.Value
}

type arguments struct {
	library          nvml.Interface
	gpus             []nvml.Device
	devices          []nvml.Device // and two MIG devices
	deviceNames      []string
	gpuInstances     []nvml.GpuInstance
	computeInstances []nvml.ComputeInstance
	vgpuTypes        []nvml.VgpuTypeId
	vgpus            []nvml.VgpuInstance
	eventSet         nvml.EventSet
	sample           nvml.GpmSample
	laterSample      nvml.GpmSample
}

// Enumerations by type: how many values they have; one beyond is asked as well.
var enumerations = map[string]int{
	"ClockType": 4, "ClockId": 4, "RestrictedAPI": 2, "MemoryErrorType": 2, "EccCounterType": 2, "MemoryLocation": 8,
	"EncoderType": 3, "InforomObject": 4, "AffinityScope": 2, "Pstates": 16, "NvLinkCapability": 6, "NvLinkErrorCounter": 5,
	"GpuP2PCapsIndex": 5, "PcieUtilCounter": 2, "PageRetirementCause": 2, "SamplingType": 10, "TemperatureSensors": 1,
	"TemperatureThresholds": 9, "PerfPolicyType": 12, "DeviceVgpuCapability": 12, "VgpuCapability": 6,
	"VgpuDriverCapability": 2, "Return": 31,
}

// Levels of topology are tens.
var topologyLevels = []int{0, 10, 20, 30, 40, 50, 60}

var (
	profiles  = upTo(20)
	links     = []int{0, 17, 18, 31}
	fans      = []int{0, 1, 2, 16}
	indexes   = []int{0, 1, 99}
	timestamp = []int{0}
)

// Numbers by function of the C interface, one list for each parameter that is a plain number.
var numbers = map[string][][]int{
	"nvmlDeviceGetHandleByIndex":                    {indexes},
	"nvmlUnitGetHandleByIndex":                      {indexes},
	"nvmlUnitGetTemperature":                        {upTo(3)},
	"nvmlGetExcludedDeviceInfoByIndex":              {indexes},
	"nvmlDeviceGetFanSpeed_v2":                      {fans},
	"nvmlDeviceGetFanControlPolicy_v2":              {fans},
	"nvmlDeviceGetTargetFanSpeed":                   {fans},
	"nvmlDeviceGetCpuAffinity":                      {{1, 1024}},
	"nvmlDeviceGetCpuAffinityWithinScope":           {{1, 1024}},
	"nvmlDeviceGetMemoryAffinity":                   {{1, 64}},
	"nvmlDeviceGetGpuInstanceById":                  {{0, 1, 7, 99}},
	"nvmlDeviceGetGpuInstanceProfileInfo":           {profiles},
	"nvmlDeviceGetGpuInstanceProfileInfoV":          {profiles},
	"nvmlDeviceGetGpuInstanceProfileInfoByIdV":      {profiles},
	"nvmlGpuInstanceGetComputeInstanceById":         {indexes},
	"nvmlGpuInstanceGetComputeInstanceProfileInfo":  {upTo(10), {0, 1}},
	"nvmlGpuInstanceGetComputeInstanceProfileInfoV": {upTo(10), {0, 1}},
	"nvmlDeviceGetMigDeviceHandleByIndex":           {{0, 1, 6, 7}},
	"nvmlDeviceGetNvLinkCapability":                 {links},
	"nvmlDeviceGetNvLinkErrorCounter":               {links},
	"nvmlDeviceGetNvLinkRemoteDeviceType":           {links},
	"nvmlDeviceGetNvLinkRemotePciInfo":              {links},
	"nvmlDeviceGetNvLinkState":                      {links},
	"nvmlDeviceGetNvLinkVersion":                    {links},
	"nvmlDeviceGetNvLinkUtilizationControl":         {links, {0, 1}},
	"nvmlDeviceGetNvLinkUtilizationCounter":         {links, {0, 1}},
	"nvmlDeviceGetSupportedGraphicsClocks":          {{1, 2619}},
	"nvmlDeviceGetThermalSettings":                  {{0, 15, 16}},
	"nvmlDeviceGetAccountingStats":                  {{1, 4101}},
	"nvmlDeviceGetAccountingStats_v2":               {{1, 4101}},
	"nvmlDeviceGetProcessUtilization":               {timestamp},
	"nvmlDeviceGetSamples":                          {timestamp},
	"nvmlDeviceGetVgpuUtilization":                  {timestamp},
	"nvmlDeviceGetVgpuProcessUtilization":           {timestamp},
	"nvmlDeviceReadPRMCounters_v1":                  {{1}},
	"nvmlGpmMigSampleGet":                           {{0, 1, 99}},
	"nvmlGpmSampleMigGet":                           {{0, 1, 99}},
	"nvmlSystemGetProcessName":                      {{1, 4101}},
	"nvmlSystemGetTopologyGpuSet":                   {{0, 1}},
	"nvmlEventSetWait":                              {{1}},
	"nvmlVgpuInstanceGetAccountingStats":            {{1}},
	"nvmlVgpuTypeGetResolution":                     {{0, 1}},
}

// Names that differ from those of the functions behind them.
var symbols = map[string]string{
	"nvmlGpmQueryDeviceSupportV":                       "nvmlGpmQueryDeviceSupport",
	"nvmlGpmMetricsGetV":                               "nvmlGpmMetricsGet",
	"nvmlGpmSampleMigGet":                              "nvmlGpmMigSampleGet",
	"nvmlVgpuTypeGetCreatablePlacements":               "nvmlDeviceGetVgpuTypeCreatablePlacements",
	"nvmlVgpuTypeGetSupportedPlacements":               "nvmlDeviceGetVgpuTypeSupportedPlacements",
	"nvmlDeviceWorkloadPowerProfileGetCurrentProfiles": "nvmlDeviceWorkloadPowerProfileGetCurrentProfiles",
}

func symbolOf(function string) string {
	if other, differs := symbols[function]; differs {
		return other
	}
	return function
}

func upTo(end int) []int {
	values := []int{}
	for i := 0; i < end; i++ {
		values = append(values, i)
	}
	return values
}

func first[T any](value T, code nvml.Return) (T, bool) { return value, code == nvml.SUCCESS }

func findSubjects(library nvml.Interface) *arguments {
	found := &arguments{library: library}
	count, _ := library.DeviceGetCount()
	migs := []nvml.Device{}
	for i := 0; i < count; i++ {
		gpu, code := library.DeviceGetHandleByIndex(i)
		if code != nvml.SUCCESS {
			continue
		}
		found.gpus = append(found.gpus, gpu)
		found.devices = append(found.devices, gpu)
		found.deviceNames = append(found.deviceNames, fmt.Sprint("GPU ", i))
		most, _ := gpu.GetMaxMigDeviceCount()
		for index := 0; index < most; index++ {
			if mig, ok := first(gpu.GetMigDeviceHandleByIndex(index)); ok {
				migs = append(migs, mig)
			}
		}
		if kinds, ok := first(gpu.GetSupportedVgpus()); ok && len(kinds) > 0 && len(found.vgpuTypes) == 0 {
			found.vgpuTypes = kinds[:1]
		}
		if vgpus, ok := first(gpu.GetActiveVgpus()); ok && len(vgpus) > 0 && len(found.vgpus) == 0 {
			found.vgpus = vgpus[:1]
		}
	}
	for i, mig := range migs {
		if i != 0 && i != len(migs)-1 {
			continue
		}
		found.devices = append(found.devices, mig)
		found.deviceNames = append(found.deviceNames, fmt.Sprint("MIG ", i))
		gpu, _ := mig.GetDeviceHandleFromMigDeviceHandle()
		id, _ := mig.GetGpuInstanceId()
		instance, ok := first(gpu.GetGpuInstanceById(id))
		if !ok {
			continue
		}
		found.gpuInstances = append(found.gpuInstances, instance)
		inner, _ := mig.GetComputeInstanceId()
		if compute, ok := first(instance.GetComputeInstanceById(inner)); ok {
			found.computeInstances = append(found.computeInstances, compute)
		}
	}
	found.eventSet, _ = library.EventSetCreate()
	if len(found.gpus) > 0 {
		found.sample, found.laterSample = sampleTwice(library, found.gpus[0])
	}
	return found
}

func (known *arguments) counts() map[string]int {
	return map[string]int{
		"gpus": len(known.gpus), "migDevices": len(known.devices) - len(known.gpus),
		"gpuInstances": len(known.gpuInstances), "computeInstances": len(known.computeInstances),
		"vgpuTypes": len(known.vgpuTypes), "vgpus": len(known.vgpus),
	}
}

func fixed(text string, value reflect.Value) argument {
	return argument{text, func() reflect.Value { return value }}
}

func ofNumbers(kind reflect.Type, values []int) []argument {
	list := []argument{}
	for _, value := range values {
		list = append(list, fixed(fmt.Sprint(value), reflect.ValueOf(value).Convert(kind)))
	}
	return list
}

func ofTexts(texts ...string) []argument {
	list := []argument{}
	for _, text := range texts {
		list = append(list, fixed("'"+text+"'", reflect.ValueOf(text)))
	}
	return list
}

// Arguments for one parameter of a method; nil where there are none, an empty list where this node has no such thing.
func (known *arguments) of(function string, method reflect.Type, place int) []argument {
	kind := method.In(place)
	list := []argument{}
	switch kind {
	case reflect.TypeOf((*nvml.Device)(nil)).Elem():
		for i, device := range known.devices {
			// Pairs: the first two and the last are enough.
			if place == 0 && method.NumIn() > 1 && method.In(1) == kind || place == 1 {
				if i > 1 && i < len(known.devices)-1 {
					continue
				}
			}
			list = append(list, fixed(known.deviceNames[i], reflect.ValueOf(device)))
		}
		return list
	case reflect.TypeOf((*nvml.GpuInstance)(nil)).Elem():
		for i, instance := range known.gpuInstances {
			list = append(list, fixed(fmt.Sprint("GPU instance ", i), reflect.ValueOf(instance)))
		}
		return list
	case reflect.TypeOf((*nvml.ComputeInstance)(nil)).Elem():
		for i, instance := range known.computeInstances {
			list = append(list, fixed(fmt.Sprint("compute instance ", i), reflect.ValueOf(instance)))
		}
		return list
	case reflect.TypeOf((*nvml.VgpuTypeId)(nil)).Elem():
		for i, kind := range known.vgpuTypes {
			list = append(list, fixed(fmt.Sprint("vGPU type ", i), reflect.ValueOf(kind)))
		}
		return list
	case reflect.TypeOf((*nvml.VgpuInstance)(nil)).Elem():
		for i, vgpu := range known.vgpus {
			list = append(list, fixed(fmt.Sprint("vGPU ", i), reflect.ValueOf(vgpu)))
		}
		return list
	case reflect.TypeOf((*nvml.Unit)(nil)).Elem():
		return list
	case reflect.TypeOf((*nvml.EventSet)(nil)).Elem():
		return append(list, fixed("an event set", reflect.ValueOf(known.eventSet)))
	case reflect.TypeOf((*nvml.GpmSample)(nil)).Elem():
		if known.sample == nil {
			return list
		}
		return append(list, fixed("a sample", reflect.ValueOf(known.sample)))
	case reflect.TypeOf(nvml.GpuTopologyLevel(0)):
		return ofNumbers(kind, topologyLevels)
	case reflect.TypeOf(&nvml.GpmMetricsGetType{}):
		return known.metrics()
	case reflect.TypeOf([]nvml.FieldValue{}):
		return []argument{{"every field", func() reflect.Value {
			values := make([]nvml.FieldValue, 300)
			for i := range values {
				values[i].FieldId = uint32(i + 1)
			}
			return reflect.ValueOf(values)
		}}}
	case reflect.TypeOf(&nvml.UUID{}):
		return known.uuids()
	case reflect.TypeOf(&nvml.SystemEventSetWaitRequest{}):
		return []argument{{"no event set", func() reflect.Value { return newStructure(kind.Elem()) }}}
	case reflect.TypeOf([]nvml.PRMCounterId{}):
		return []argument{fixed("one counter", reflect.ValueOf(make([]nvml.PRMCounterId, 1)))}
	case reflect.TypeOf(&nvml.GpuInstanceProfileInfo{}):
		return known.sizes(kind, 0, 9, 19)
	case reflect.TypeOf(&nvml.ComputeInstanceProfileInfo{}):
		return known.sizes(kind, 0, 2, 9)
	}
	switch {
	case kind.Kind() == reflect.String:
		return known.texts(function)
	case kind.PkgPath() != "" && enumerations[kind.Name()] > 0:
		return ofNumbers(kind, upTo(enumerations[kind.Name()]+1))
	case kind.PkgPath() == "" && kind.ConvertibleTo(reflect.TypeOf(0)):
		return known.plainNumbers(function, method, place)
	case kind.Kind() == reflect.Ptr && kind.Elem().Kind() == reflect.Struct:
		return []argument{{kind.Elem().Name(), func() reflect.Value { return newStructure(kind.Elem()) }}}
	case kind.Kind() == reflect.Struct && strings.HasSuffix(kind.Name(), "_v2"):
		return []argument{fixed(kind.Name(), reflect.Zero(kind))}
	}
	return nil
}

// A structure to be filled, with its version word where it has one.
func newStructure(kind reflect.Type) reflect.Value {
	made := reflect.New(kind)
	if version := made.Elem().FieldByName("Version"); version.IsValid() && version.Kind() == reflect.Uint32 {
		version.SetUint(uint64(kind.Size()) | 1<<24)
	}
	return made
}

// Which of the plain numbers of a method a parameter is, counted without the other parameters.
func (known *arguments) plainNumbers(function string, method reflect.Type, place int) []argument {
	order := 0
	for i := 0; i < place; i++ {
		if kind := method.In(i); kind.PkgPath() == "" && kind.ConvertibleTo(reflect.TypeOf(0)) {
			order++
		}
	}
	if lists := numbers[function]; order < len(lists) {
		return ofNumbers(method.In(place), lists[order])
	}
	return nil
}

func (known *arguments) texts(function string) []argument {
	texts := []string{}
	for _, gpu := range known.gpus {
		switch function {
		case "nvmlDeviceGetHandleByUUID":
			uuid, _ := gpu.GetUUID()
			texts = append(texts, uuid)
		case "nvmlDeviceGetHandleBySerial":
			serial, _ := gpu.GetSerial()
			texts = append(texts, serial)
		case "nvmlDeviceGetHandleByPciBusId":
			info, _ := gpu.GetPciInfo()
			texts = append(texts, plain(reflect.ValueOf(info.BusId)).(string))
		default:
			return nil
		}
	}
	return ofTexts(append(texts, "nobody")...)
}

// Sizes of instance by their id, and how many there may be: the calls look at nothing else of it.
func (known *arguments) sizes(kind reflect.Type, ids ...int) []argument {
	list := []argument{}
	for _, id := range ids {
		made := reflect.New(kind.Elem())
		made.Elem().FieldByName("Id").SetUint(uint64(id))
		made.Elem().FieldByName("InstanceCount").SetUint(8)
		list = append(list, fixed(fmt.Sprint("profile ", id), made))
	}
	return list
}

// The UUIDs of all GPUs as texts in the structure that may hold either form.
func (known *arguments) uuids() []argument {
	list := []argument{}
	for _, gpu := range known.gpus {
		text, _ := gpu.GetUUID()
		made := newStructure(reflect.TypeOf(nvml.UUID{}))
		uuid := made.Interface().(*nvml.UUID)
		uuid.Type = uint32(nvml.UUID_TYPE_ASCII)
		copy(uuid.Value[:], text)
		list = append(list, fixed("'"+text+"'", made))
	}
	return list
}

func (known *arguments) metrics() []argument {
	if known.sample == nil || known.laterSample == nil {
		return []argument{}
	}
	return []argument{{"SM utilisation", func() reflect.Value {
		asked := nvml.GpmMetricsGetType{NumMetrics: 1, Sample1: known.sample, Sample2: known.laterSample}
		asked.Metrics[0].MetricId = uint32(nvml.GPM_METRIC_SM_UTIL)
		asked.Version = nvml.GPM_METRICS_GET_VERSION
		return reflect.ValueOf(&asked)
	}}}
}
