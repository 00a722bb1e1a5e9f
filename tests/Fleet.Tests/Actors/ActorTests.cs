using Fleet.Client;
using Fleet.Core.Actors;
using Fleet.Core.Text;

namespace Fleet.Tests.Actors;

/// <summary>The value that says who changes something: what it accepts, its text in a row, and its text for people.</summary>
public sealed class ActorTests
{
    /// <summary>Names that a database refuses, or that would forge a line of a log or change how it is read.</summary>
    public static readonly TheoryData<string> Hostile = new()
    {
        "", " ", "\t", "a\0b", "a\nb", "a\rb", "a\u001b[31mb", "a\u0085b", "a\u2028b", "a\u202Eb", "a\u2066b", "a\uFEFFb", "a\uD800b",
        new string('x', Actor.MaxName + 1), new string('x', 10_000),
    };

    [Theory]
    [InlineData(ActorKind.Person, "alex", "10.0.0.7", "person 10.0.0.7 alex", "alex (person, 10.0.0.7)")]
    [InlineData(ActorKind.Program, "Shop 2.1 on web-3/1234", null, "program - Shop 2.1 on web-3/1234", "Shop 2.1 on web-3/1234 (program)")]
    [InlineData(ActorKind.Person, "a - b  c ", "::1", "person ::1 a - b  c ", "a - b  c  (person, ::1)")]
    [InlineData(ActorKind.Person, "alex@example.com", null, "person - alex@example.com", "alex@example.com (person)")]
    [InlineData(ActorKind.Scheduler, "-", null, "scheduler - -", "- (scheduler)")]
    [InlineData(ActorKind.Worker, "Jürgen \U0001F600", "fe80::1%eth0", "worker fe80::1%eth0 Jürgen \U0001F600",
        "Jürgen \U0001F600 (worker, fe80::1%eth0)")]
    [InlineData(ActorKind.Policy, "overlap", null, "policy - overlap", "overlap (policy)")]
    public void Actor_WrittenAndRead_IsTheSame(ActorKind kind, string name, string? address, string row, string shown)
    {
        var actor = Actor.Create(kind, name, address);

        Assert.Equal((row, shown), (actor.ToRow(), actor.ToString()));
        Assert.True(Actor.TryParse(row, out var read));
        Assert.Equal((actor, kind, name, address), (read, read.Kind, read.Name, read.Address));
        Assert.Equal(actor, Actor.FromRow(row));
        var view = new ActorView { Kind = $"{kind}".ToLowerInvariant(), Name = name, Address = address };
        Assert.Equal(shown, view.ToString());
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    public void Create_HostileName_IsRefused(string name)
    {
        Assert.False(Actor.TryCreate(ActorKind.Person, name, address: null, out _));
        var refused = Assert.Throws<ArgumentException>(() => Actor.Create(ActorKind.Person, name));
        Assert.False(ControlCharacters.AreIn(refused.Message));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-")]
    [InlineData("10.0.0.7 x")]
    [InlineData("10.0.0.7\n")]
    public void Create_AddressThatIsNone_IsRefused(string address) =>
        Assert.False(Actor.TryCreate(ActorKind.Person, "alex", address, out _));

    [Fact]
    public void Create_LongestName_IsAccepted() =>
        Assert.Equal(Actor.MaxName, Actor.Create(ActorKind.Person, new string('x', Actor.MaxName)).Name.Length);

    /// <summary>A newer program may know more kinds, and a row can be changed by hand. The rest of the row must stay readable.</summary>
    [Theory]
    [InlineData("key 10.0.0.7 ci", "ci (program, 10.0.0.7)")]
    [InlineData("key - ci", "ci (program)")]
    [InlineData("alex", "alex (program)")]
    [InlineData("", "unknown (program)")]
    [InlineData("person - a\nb", @"person - a\nb (program)")]
    [InlineData("Person - alex", "alex (program)")]
    public void FromRow_TextThatThisProgramDoesNotWrite_IsStillAnActor(string row, string shown)
    {
        Assert.False(Actor.TryParse(row, out _));
        Assert.Equal(shown, Actor.FromRow(row).ToString());
    }

    [Fact]
    public void FromRow_LongText_IsCut() => Assert.Equal(Actor.MaxName, Actor.FromRow(new string('x', 10_000)).Name.Length);

    [Fact]
    public void ThisProcess_NamesProgramMachineAndProcess()
    {
        Assert.EndsWith($" on {Environment.MachineName}/{Environment.ProcessId}", ThisProcess.Name, StringComparison.Ordinal);
        Assert.Equal(
            [ActorKind.Program, ActorKind.Scheduler, ActorKind.Worker],
            new[] { ThisProcess.Program, ThisProcess.Scheduler, ThisProcess.Worker }.Select(a => a.Kind));
        Assert.Equal((ActorKind.Person, Environment.UserName), (ThisProcess.User.Kind, ThisProcess.User.Name));
    }
}
