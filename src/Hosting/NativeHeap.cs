using System.Runtime.InteropServices;
using Microsoft.Extensions.Hosting;

namespace Fleet.Hosting;

/// <summary>Gives the system back what native code has freed. The just-in-time compiler asks for much, glibc keeps it: in a scheduler after
/// load, 15 to 30 MB that no collection of the managed heap can find.</summary>
/// <remarks>Does nothing where the C library has no <c>malloc_trim</c>: musl, macOS, Windows.</remarks>
internal sealed class NativeHeap : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    private static readonly Trim? TrimAll = Find();

    private delegate int Trim(nuint keep);

    /// <summary>Gives back whatever is free.</summary>
    public static void GiveBack() => TrimAll?.Invoke(0);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // By the machine's clock, however fast Fleet's own goes.
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            GiveBack();
    }

    private static Trim? Find() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var library)
            && NativeLibrary.TryGetExport(library, "malloc_trim", out var function)
            ? Marshal.GetDelegateForFunctionPointer<Trim>(function)
            : null;
}
