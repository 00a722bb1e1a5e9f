using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Support;

/// <summary>Waits for what the database or a counter tells, since nobody signals it.</summary>
internal static class Waiting
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    /// <summary>Looks again and again until the condition holds; fails the test after 30 s.</summary>
    public static Task UntilAsync(Func<Task<bool>> condition) => UntilAsync(condition, () => { });

    /// <inheritdoc cref="UntilAsync(Func{Task{bool}})"/>
    public static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    /// <summary>As <see cref="UntilAsync(Func{Task{bool}})"/>, and the fake clock goes on by 100 ms with every look: Fleet's loops
    /// move only while it does.</summary>
    public static Task AdvanceUntilAsync(this FakeTimeProvider time, Func<Task<bool>> condition) =>
        UntilAsync(condition, () => time.Advance(Step));

    /// <inheritdoc cref="AdvanceUntilAsync(FakeTimeProvider, Func{Task{bool}})"/>
    public static Task AdvanceUntilAsync(this FakeTimeProvider time, Func<bool> condition) =>
        time.AdvanceUntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition, Action betweenLooks)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(start) > Limit)
                Assert.Fail("The condition did not come to hold within 30 s.");
            betweenLooks();
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System);
        }
    }
}
