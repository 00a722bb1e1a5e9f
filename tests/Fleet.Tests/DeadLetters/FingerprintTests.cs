using System.Globalization;
using System.Runtime.CompilerServices;
using Fleet.Core.Text;

namespace Fleet.Tests.DeadLetters;

/// <summary>The same fault has the same fingerprint, whatever values its error has; another fault has another one.</summary>
public sealed class FingerprintTests
{
    private const string Stack = """
           at Shop.Orders.Pay(Order order, Decimal amount) in /src/Orders.cs:line 41
           at Shop.Orders.CloseAsync(CancellationToken ct) in /src/Orders.cs:line 12
        --- End of stack trace from previous location ---
           at Fleet.Engine.Execution.InvokeHandlers.ExecuteAsync(RunHandle handle) in /src/InvokeHandlers.cs:line 33
        """;

    [Theory]
    [InlineData("Order 17 not found", "Order 4711 not found")]
    [InlineData("Order 'a b' not found", "Order 'O'Brien' not found")]
    [InlineData("No row for 01938f3c-0000-7000-8000-000000000000.", "No row for 0192f0c4-aaaa-7bbb-8ccc-0123456789ab.")]
    [InlineData("Timed out after 00:00:30 at 2026-11-30T12:00:00.5Z", "Timed out after 00:05:00 at 2027-01-01T00:00:00Z")]
    [InlineData("Object at 0x7ffe12 is bad: -1.5 > 1,000", "Object at 0xdeadbeef is bad: 3 > 2")]
    [InlineData("Not allowed: 1, 2, 3.", "Not allowed: 4.")]
    [InlineData("Mail to jane@example.com was refused", "Mail to jack.doe@other.example was refused")]
    [InlineData("Connection to 10.0.0.1:5432 failed", "Connection to 192.168.10.20:15432 failed")]
    [InlineData("Bad token deadbeefcafe", "Bad token cafebabef00d")]
    [InlineData("Unexpected \"abc\" in `x`", "Unexpected \"d, 'e\" in `y z`")]
    [InlineData("Its worker died 3 times", "Its  worker died\n12 times")]
    public void Of_MessagesThatDifferInValues_IsTheSame(string one, string other) =>
        Assert.Equal(Fingerprint.Of("Shop.NotFound", one, null), Fingerprint.Of("Shop.NotFound", other, null));

    [Theory]
    [InlineData("Order not found", "Customer not found")]
    [InlineData("It can't be opened", "It can't be closed")]
    [InlineData("Not open: 5", "Not closed: 5")]
    [InlineData("", "Order not found")]
    public void Of_OtherWords_IsAnother(string one, string other) =>
        Assert.NotEqual(Fingerprint.Of("Shop.NotFound", one, null), Fingerprint.Of("Shop.NotFound", other, null));

    [Fact]
    public void Of_OtherType_IsAnother()
    {
        Assert.NotEqual(Fingerprint.Of("Shop.NotFound", "a", Stack), Fingerprint.Of("Shop.Denied", "a", Stack));
        Assert.NotEqual(
            Fingerprint.Of("Shop.NotFound", "a ---> System.IO.IOException: b", Stack),
            Fingerprint.Of("Shop.NotFound", "a ---> System.TimeoutException: b", Stack));
        Assert.NotEqual(Fingerprint.Of(null, null, null), Fingerprint.Of("Shop.NotFound", null, null));
    }

    [Theory]
    // Other lines, other files, other message.
    [InlineData("   at Shop.Orders.Pay(Order order, Decimal amount) in C:\\b\\Orders.cs:line 99\n   at Shop.Orders.CloseAsync()", true)]
    [InlineData("at Shop.Orders.Pay(Order order)\nat Shop.Orders.<CloseAsync>d__12.MoveNext()", true)]
    [InlineData("at Shop.Orders.Pay[T](T order)\nat Shop.Orders`1.CloseAsync()", true)]
    [InlineData("at Shop.Orders.Pay()\nat System.Runtime.CompilerServices.TaskAwaiter.GetResult()\nat Shop.Orders.CloseAsync()", true)]
    [InlineData("at Shop.Orders.<>c__DisplayClass3_0.<Pay>b__1()\nat Shop.Orders.<>c.<CloseAsync>b__0_7(Object o)", true)]
    [InlineData("at Shop.Orders.Pay()\nat Shop.Orders.Pay()\nat Shop.Orders.Pay()\nat Shop.Orders.CloseAsync()", true)]
    [InlineData("at Shop.Orders.Pay()\nat Shop.Orders.CloseAsync()\n--- End of inner exception stack trace ---\nat Shop.A.B()", true)]
    [InlineData("at Shop.Orders.Refund()\nat Shop.Orders.CloseAsync()", false)]
    [InlineData("at Shop.Orders.Pay()\nat Shop.Orders.OpenAsync()", false)]
    public void Of_Stacks_ComparesTheMethodsAtTheTop(string stack, bool isSame) =>
        Assert.Equal(isSame, Fingerprint.Of("Shop.NotFound", "Other 5", stack) == Fingerprint.Of("Shop.NotFound", "a", Stack));

    /// <summary>The value is stored, in databases that live for years. If this test turns red, the number in front has to change.</summary>
    [Fact]
    public void Of_AnError_IsWhatIsStored()
    {
        Assert.Equal("v1:a3940f7f469fddda", Fingerprint.Of("Shop.NotFound", "a", Stack));
        Assert.Equal("v1:a5e7f7c6e64fc0eb", Fingerprint.Of("Shop.NotFound", "Order 17 not found", null));
    }

    [Fact]
    public async Task Of_RealExceptions_DependsOnWhereTheyAreThrown()
    {
        var first = await OfAsync(() => ThrowAsync(1));
        var again = await OfAsync(() => ThrowAsync(2));
        var elsewhere = await OfAsync(() => ThrowElsewhereAsync(1));

        Assert.Equal(first, again);
        Assert.NotEqual(first, elsewhere);
    }

    [Fact]
    public void Of_RandomValues_IsTheSameAsForOthers()
    {
        var random = new Random(20261130);
        for (var i = 0; i < 300; i++)
        {
            var words = Enumerable.Range(0, random.Next(1, 8)).Select(_ => Word(random)).ToArray();
            var (one, other) = (Fill(words, random), Fill(words, random));

            Assert.True(Fingerprint.Of("T", one, null) == Fingerprint.Of("T", other, null), $"{one}\n{other}");
            var changed = words.ToArray();
            changed[random.Next(changed.Length)] += "ly";
            Assert.NotEqual(Fingerprint.Of("T", one, null), Fingerprint.Of("T", Fill(changed, random), null));
        }
    }

    [Fact]
    public void Of_RandomText_IsWellFormedAndNeverThrows()
    {
        var random = new Random(7);
        const string odd = "\"'`#-+.,:/@ \n\r\t\0<>[]()|_9aZé٣\ud83d--- End of inner at ";
        for (var i = 0; i < 2000; i++)
        {
            string Next() => new([.. Enumerable.Range(0, random.Next(60)).Select(_ => odd[random.Next(odd.Length)])]);
            Assert.True(Fingerprint.IsWellFormed(Fingerprint.Of(Next(), Next(), random.Next(2) == 0 ? null : Next())));
        }
    }

    [Theory]
    [InlineData("v1:0123456789abcdef", true)]
    [InlineData("v1:0123456789ABCDEF", false)]
    [InlineData("v1:0123456789abcde", false)]
    [InlineData("v1:0123456789abcdef\n", false)]
    [InlineData("0123456789abcdef", false)]
    [InlineData("", false)]
    public void IsWellFormed_Texts_KnowsFingerprints(string text, bool isOne) => Assert.Equal(isOne, Fingerprint.IsWellFormed(text));

    private static string Word(Random random) =>
        new([.. Enumerable.Range(0, random.Next(2, 9)).Select(_ => "gijklmnopqrstuvwxyz"[random.Next(19)])]);

    /// <summary>The words, each followed by one value.</summary>
    private static string Fill(string[] words, Random random) => string.Join(' ', words.Select(word => $"{word} {Value(random)}"));

    private static string Value(Random random) => random.Next(8) switch
    {
        0 => random.Next(-5000, 5000).ToString(CultureInfo.InvariantCulture),
        1 => new Guid([.. Enumerable.Range(0, 16).Select(_ => (byte)random.Next(256))]).ToString(),
        2 => $"'{Word(random)} {Word(random)}'",
        3 => $"\"{Word(random)}\"",
        4 => DateTimeOffset.UnixEpoch.AddSeconds(random.Next()).ToString("O", CultureInfo.InvariantCulture),
        5 => $"0x{random.Next():x8}",
        6 => $"{random.NextDouble().ToString(CultureInfo.InvariantCulture)}",
        _ => $"order-{random.Next(1000)}",
    };

    private static async Task<string> OfAsync(Func<Task> work)
    {
        var error = RunError.From((await Record.ExceptionAsync(work))!);
        return Fingerprint.Of(error.Type, error.Message, error.Stack);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task ThrowAsync(int order)
    {
        await Task.Yield();
        throw new InvalidOperationException($"Order {order} is closed.");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task ThrowElsewhereAsync(int order)
    {
        await Task.Yield();
        throw new InvalidOperationException($"Order {order} is closed.");
    }
}
