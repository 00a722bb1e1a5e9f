using System.Numerics;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Fleet.Core.Jobs;

namespace Fleet.Tests.Jobs;

public sealed class ReadableTypesTests
{
    [Theory]
    [InlineData(typeof(TwoConstructors), "the args type is", "TwoConstructors")]
    [InlineData(typeof(Holds<TwoConstructors>), "'item' of", "TwoConstructors")]
    [InlineData(typeof(Holds<List<TwoConstructors>>), "an element of 'item'", "TwoConstructors")]
    [InlineData(typeof(Holds<Dictionary<string, TwoConstructors>>), "a value of 'item'", "TwoConstructors")]
    [InlineData(typeof(Holds<IFormattable>), "'item' of", "System.IFormattable")]
    [InlineData(typeof(Holds<Stream>), "'item' of", "System.IO.Stream")]
    [InlineData(typeof(Holds<Type>), "'item' of", "System.Type")]
    [InlineData(typeof(Holds<IntPtr>), "'item' of", "System.IntPtr")]
    [InlineData(typeof(Holds<Action>), "'item' of", "System.Action")]
    [InlineData(typeof(Holds<int[,]>), "'item' of", "System.Int32[,]")]
    [InlineData(typeof(Holds<Dictionary<object, int>>), "'item' of", "System.Object")]
    [InlineData(typeof(Holds<BigInteger>), "'item' of", "reads nothing")]
    [InlineData(typeof(Holds<(int, int)>), "'item' of", "reads nothing")]
    [InlineData(typeof(Holds<NoKinds>), "'item' of", "NoKinds")]
    [InlineData(typeof(Holds<WrongParameter>), "'item' of", "WrongParameter")]
    [InlineData(typeof(Holds<TwoNames>), "the args type is", "TwoNames")]
    public void JobDefinition_TypeThatJsonCannotFill_IsRefusedWithTheMember(Type args, string where, string what)
    {
        var error = Assert.Throws<InvalidOperationException>(
            () => new JobRegistry([JobRegistration.For(typeof(Handler<>).MakeGenericType(args))]));

        Assert.Contains(where, error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(typeof(Drawing))]
    [InlineData(typeof(Tree))]
    [InlineData(typeof(Choosy))]
    [InlineData(typeof(Everything))]
    [InlineData(typeof(Needed))]
    [InlineData(typeof(Holds<IReadOnlyList<IDictionary<Guid, ISet<int>>>>))]
    [InlineData(typeof(Holds<JsonNode>))]
    [InlineData(typeof(Holds<Tuple<int, string>>))]
    [InlineData(typeof(Chosen))]
    [InlineData(typeof(ShowsItsType))]
    public void JobDefinition_TypeThatJsonCanFill_IsTaken(Type args) =>
        Assert.Single(new JobRegistry([JobRegistration.For(typeof(Handler<>).MakeGenericType(args))]).All);

    [Job("readable.two")]
    internal sealed class TwoConstructors
    {
        public TwoConstructors(int a) => A = a;

        public TwoConstructors(string text) => A = text.Length;

        public int A { get; }
    }

    [Job("readable.chosen")]
    internal sealed class Chosen
    {
        [JsonConstructor]
        public Chosen(int a) => A = a;

        public Chosen(string text) => A = text.Length;

        public int A { get; }
    }

    /// <summary>What is only written is never read.</summary>
    [Job("readable.shows")]
    internal sealed record ShowsItsType(int A)
    {
        public Type Kind => GetType();

        [JsonIgnore]
        public Action? Then { get; init; }
    }

    [Job("readable.holds")]
    internal sealed record Holds<T>(T Item);

    internal abstract record NoKinds;

    internal sealed class WrongParameter(int other)
    {
        public int A { get; } = other;
    }

    internal sealed class TwoNames
    {
        public int A { get; init; }

        [JsonPropertyName("A")]
        public int B { get; init; }
    }
}
