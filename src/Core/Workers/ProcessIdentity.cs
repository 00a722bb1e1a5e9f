using System.Diagnostics;
using System.Globalization;

namespace Fleet.Core.Workers;

/// <summary>Identifies a process uniquely, so that a scheduler on the same machine can detect that a worker is dead without waiting for its
/// lease to end.</summary>
/// <param name="Space">The space in which process ids and start times are comparable: machine, boot, process-id namespace and time
/// namespace. Empty when it cannot be determined; then only the lease decides.</param>
/// <param name="Id">The process id.</param>
/// <param name="Start">Start time of the process, in clock ticks since boot. Process ids are reused; the pair of id and start time is
/// not.</param>
public sealed record ProcessIdentity(string Space, int Id, long Start)
{
    // Older versions stored the start time by the wall clock, under a space without this word. The two must not be compared.
    private const string Unit = "ticks";

    /// <summary>The calling process.</summary>
    public static ProcessIdentity Current()
    {
        var space = CurrentSpace();
        // "self", because the process id in this namespace may differ from the one in the mounted /proc.
        return space.Length > 0 && ProcessStat.Read("self") is { } stat && stat.Id == Environment.ProcessId
            ? new ProcessIdentity(space, stat.Id, stat.Start)
            : new ProcessIdentity("", Environment.ProcessId, 0);
    }

    /// <summary>True if the process ran in this process's space and has certainly ended. Clock changes do not matter, because both start
    /// times count from the boot of the machine.</summary>
    public bool IsCertainlyDead(ProcessIdentity observer)
    {
        if (Space.Length == 0 || Space != observer.Space)
            return false;
        if (ProcessStat.Read(Id.ToString(CultureInfo.InvariantCulture)) is { } stat)
            return stat.Start != Start || stat.IsDead;
        return !Exists(Id);
    }

    /// <summary>Asks the kernel, because /proc hides the processes of other users when it is mounted with <c>hidepid</c>.</summary>
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
