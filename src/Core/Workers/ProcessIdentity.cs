using System.Diagnostics;
using System.Globalization;

namespace Fleet.Core.Workers;

/// <summary>Tells one process from every other, so that a scheduler on the same machine knows at once that a worker is
/// dead instead of waiting for its lease to end.</summary>
/// <param name="Space">Where process ids and start times mean the same: machine, boot, process-id and time namespace. Empty when that is
/// not known for certain; then only the lease decides.</param>
/// <param name="Id">The process id.</param>
/// <param name="Start">When the process started, in clock ticks since boot: a process id is used again, this pair is not.</param>
public sealed record ProcessIdentity(string Space, int Id, long Start)
{
    // Older versions stored a start time by the wall clock, under a space without this word. Nobody may compare the two.
    private const string Unit = "ticks";

    /// <summary>The calling process.</summary>
    public static ProcessIdentity Current()
    {
        var space = CurrentSpace();
        // "self", because the id that this process sees need not be the one that the mounted /proc shows.
        return space.Length > 0 && ProcessStat.Read("self") is { } stat && stat.Id == Environment.ProcessId
            ? new ProcessIdentity(space, stat.Id, stat.Start)
            : new ProcessIdentity("", Environment.ProcessId, 0);
    }

    /// <summary>True when the process ran in this process's space and is certainly no more. No setting of the clock makes a living
    /// process look dead: both sides count from the boot of the machine.</summary>
    public bool IsCertainlyDead(ProcessIdentity observer)
    {
        if (Space.Length == 0 || Space != observer.Space)
            return false;
        if (ProcessStat.Read(Id.ToString(CultureInfo.InvariantCulture)) is { } stat)
            return stat.Start != Start || stat.IsDead;
        return !Exists(Id);
    }

    /// <summary>Asks the kernel: /proc hides the processes of other users where it is mounted with <c>hidepid</c>.</summary>
    private static bool Exists(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return true;
        }
    }

    private static string CurrentSpace()
    {
        const string bootId = "/proc/sys/kernel/random/boot_id";
        try
        {
            var pidNamespace = OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget : null;
            if (pidNamespace is null || !File.Exists(bootId))
                return "";
            // Kernels before 5.6 have no time namespaces.
            var timeNamespace = new FileInfo("/proc/self/ns/time").LinkTarget ?? "time";
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{Unit}/{Environment.MachineName}/{File.ReadAllText(bootId).Trim()}/{pidNamespace}/{timeNamespace}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
