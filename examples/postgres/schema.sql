-- The tables of the example, and a role that may read and follow them.
CREATE TABLE countries (code char(2) PRIMARY KEY, name text NOT NULL);

CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL,
  country char(2) REFERENCES countries (code),
  tags text[],
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON customers (updated_at);

CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers (id),
  status text NOT NULL DEFAULT 'new',
  amount numeric(12, 2) NOT NULL,
  details jsonb,
  ordered_at timestamptz NOT NULL DEFAULT now()
);

INSERT INTO countries VALUES ('DE', 'Germany'), ('JP', 'Japan'), ('US', 'United States');
INSERT INTO customers (email, country, tags)
  SELECT 'customer' || i || '@example.com', (ARRAY['DE', 'JP', 'US'])[1 + i % 3], CASE WHEN i % 10 = 0 THEN ARRAY['vip'] END FROM generate_series(1, 1000) i;
INSERT INTO orders (customer_id, amount, status, details)
  SELECT 1 + i % 1000, (i % 500) + 0.99, (ARRAY['new', 'paid', 'sent'])[1 + i % 3], jsonb_build_object('items', i % 5) FROM generate_series(1, 20000) i;
