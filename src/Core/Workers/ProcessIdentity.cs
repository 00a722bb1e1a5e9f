using System.Diagnostics;
using System.Globalization;

namespace Fleet.Core.Workers;

/// <summary>Tells one process from every other, so that a scheduler on the same machine knows at once that a worker is
/// dead instead of waiting for its lease to end.</summary>
/// <param name="Space">Where process ids mean the same: machine, boot and process-id namespace. Empty when that is not
/// known for certain; then only the lease decides.</param>
/// <param name="Id">The process id.</param>
/// <param name="Start">When the process started, in UTC ticks: a process id is used again, this pair is not.</param>
public sealed record ProcessIdentity(string Space, int Id, long Start)
{
    /// <summary>The calling process.</summary>
    public static ProcessIdentity Current()
    {
        using var process = Process.GetCurrentProcess();
        return new ProcessIdentity(CurrentSpace(), process.Id, process.StartTime.ToUniversalTime().Ticks);
    }

    /// <summary>True when the process ran in this process's space and is certainly no more.</summary>
    public bool IsCertainlyDead(ProcessIdentity observer)
    {
        if (Space.Length == 0 || Space != observer.Space)
            return false;
        try
        {
            using var process = Process.GetProcessById(Id);
            // StartTime is derived from clock ticks since boot and may wobble by a few milliseconds between readings.
            return Math.Abs(process.StartTime.ToUniversalTime().Ticks - Start) > TimeSpan.TicksPerSecond * 2 || process.HasExited;
        }
        catch (ArgumentException)
        {
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static string CurrentSpace()
    {
        const string bootId = "/proc/sys/kernel/random/boot_id";
        var pidNamespace = OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget : null;
        return pidNamespace is null || !File.Exists(bootId)
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}/{File.ReadAllText(bootId).Trim()}/{pidNamespace}");
    }
}
