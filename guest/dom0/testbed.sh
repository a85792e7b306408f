# Functions of dom0, in the emulated machine and on a real host alike. Sourced by a POSIX shell.
# Lines that begin with @interdom are for the harness; "agent emit" gives each a checksum, because the hypervisor writes
# to the same console.

: "${INTERDOM_RUN:=/tmp}"            # folder for traces and configuration files
: "${INTERDOM_PREFIX:=interdom}"     # names of the guests begin with it
GUEST_LINES=                         # further lines of the guests' configuration
TRACE_PAGES=2048                     # for each physical CPU; half of it full would wake dom0
TRACE_EVENTS=0x2ab000                # guests' entries and exits, hypercalls, scheduling

failed() {
	echo "@interdom-failed $*"
	sleep 1
	exit 1
}

# guest_config NAME NUMBER TYPE PCPU KERNEL INITRAMFS
guest_config() {
	cat <<-END
		name="$1"
		uuid="00000000-0000-0000-0000-00000000000$2"
		type="$3"
		kernel="$5"
		ramdisk="$6"
		extra="console=hvc0 quiet loglevel=3 tsc=reliable"
		memory=96
		vcpus=1
		cpus="$4"
		tsc_mode="native"
		on_crash="destroy"
		on_poweroff="destroy"
		on_reboot="destroy"
		$GUEST_LINES
	END
}

# start_guests TYPE:PCPU,TYPE:PCPU... KERNEL INITRAMFS: sets DOM1, DOM2, ... to their numbers
start_guests() {
	number=0
	domains=
	for guest in $(echo "$1" | tr , ' '); do
		number=$((number + 1))
		name=$INTERDOM_PREFIX-$number
		guest_config $name $number "${guest%:*}" "${guest#*:}" "$2" "$3" >"$INTERDOM_RUN/$name.cfg"
		xl create -q "$INTERDOM_RUN/$name.cfg" 2>"$INTERDOM_RUN/$name.err" || {
			cat "$INTERDOM_RUN/$name.err"
			return 1
		}
		domid=$(xl domid $name) || return 1
		eval "DOM$number=$domid"
		domains=$domains${domains:+,}$domid
	done
	interdom-agent ready domains=$domains timeout=120 || {
		tail -n 20 /var/log/xen/console/guest-*.log 2>/dev/null
		return 1
	}
}

# A guest's kernel makes address space for foreign pages when it first runs out of it: tens of thousands of hypercalls in
# a PV guest. That is done here, before anything is measured.
warm_guests() {
	interdom-agent broker name=warm listener=$DOM1 connector=$DOM2
	warm="transport=v2v name=warm ring=65536 message=4096 count=400 grant=per-transfer"
	interdom-agent run 60 $DOM1 "pong peer=$DOM2 $warm" $DOM2 "ping peer=$DOM1 $warm"
	interdom-agent broker name=warm listener=$DOM1 connector=$DOM2 remove=1
}

stop_guests() {
	while [ "$number" -gt 0 ]; do
		xl destroy "$INTERDOM_PREFIX-$number" 2>/dev/null
		number=$((number - 1))
	done
}

# run_window ID SECONDS TRACED DOMAIN COMMAND [DOMAIN COMMAND]...: one measured window, its replies and counts
run_window() {
	window=$1
	seconds=$2
	traced=$3
	shift 3
	trace=$INTERDOM_RUN/trace.bin
	echo "@interdom-begin $window"
	if [ "$traced" = yes ]; then
		xentrace -D -s 3600000 -S $TRACE_PAGES -e $TRACE_EVENTS "$trace" 2>"$INTERDOM_RUN/xentrace.err" &
		tracer=$!
		sleep 0.5
	fi
	interdom-agent run "$seconds" "$@" >"$INTERDOM_RUN/replies" ||
		tail -n 8 /var/log/xen/console/guest-*.log 2>/dev/null # a guest's last words
	interdom-agent emit $window reply <"$INTERDOM_RUN/replies"
	if [ "$traced" = yes ]; then
		kill -TERM $tracer # a shell's background command cannot be told by INT
		wait $tracer
		interdom-agent tracecount file="$trace" records=${TRACE_RECORDS:-0} | interdom-agent emit $window trace
		rm -f "$trace"
	fi
	echo "@interdom-end $window"
}
