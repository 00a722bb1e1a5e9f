using System.Runtime.InteropServices;
using Fleet.Hosting;

namespace Fleet.Tests.Hosting;

public sealed class NativeHeapTests
{
    [Fact]
    public void GiveBack_MuchWasFreedInTheMiddle_LeavesTheProcess()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only glibc keeps it.");
        // Small enough for the heap, which grows and shrinks at its end: the last one keeps it from shrinking.
        const int size = 64 * 1024, count = 4096;
        var blocks = new nint[count];
        for (var i = 0; i < count; i++)
        {
            blocks[i] = Marshal.AllocHGlobal(size);
            Marshal.Copy(new byte[size], 0, blocks[i], size);
        }

        for (var i = 0; i < count - 1; i++)
            Marshal.FreeHGlobal(blocks[i]);
        var kept = Environment.WorkingSet;

        NativeHeap.GiveBack();

        Assert.InRange(kept - Environment.WorkingSet, (long)size * count / 2, long.MaxValue);
        Marshal.FreeHGlobal(blocks[^1]);
    }
}
